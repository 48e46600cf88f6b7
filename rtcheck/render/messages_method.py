"""Words of the page on method. Key to (English, Simplified Chinese)."""

from __future__ import annotations

__all__ = ["METHOD_MESSAGES"]

METHOD_MESSAGES: dict[str, tuple[str, str]] = {
    "method.conventions": ("Conventions used", "所用约定"),
    "method.structure_model": ("structure model", "结构模型"),
    "method.undecided": ("limit inside the interval", "限值位于区间内时"),
    "method.dose_interpolation": ("dose between grid points", "网格点之间的剂量"),
    "method.outside_dose_grid": ("dose outside the grid", "网格之外的剂量"),
    "method.end_slices": ("beyond the outermost contours", "最外层轮廓之外"),
    "method.interval": ("interval", "区间"),
    "method.redacted": ("redacted", "已去标识"),
    "method.blinded": ("blinded", "已设盲"),
    "method.software": ("Software", "软件"),
    "method.sources": ("Sources of the limits", "限值的来源"),
    "method.sampling.title": ("Sampling", "采样"),
    "method.sampling": (
        "Each structure is sampled on its own, in its own contours; no image or dose is resampled. Samples are divided "
        "until the dose at a volume no longer moves; extremes have their own search.",
        "每个结构单独在其轮廓内采样，不对图像或剂量重采样。采样细分至某体积所受剂量不再变化；极值另行搜索。",
    ),
    "method.interval.title": ("The interval of a value", "数值的区间"),
    "method.interval.text": (
        "The interval is the envelope over what the standards leave open: how the space between and beyond contours is "
        "filled, the spacing of the dose grid, the rounding of stored doses and coordinates, and sampling. It is no "
        "standard deviation. A limit is judged at the value and at both ends; where they differ it is undecided.",
        "区间为各项标准未作规定之处的包络：轮廓之间及之外如何填充、剂量网格间距、存储剂量与坐标的舍入，以及采样。"
        "它不是标准差。限值在数值及区间两端分别判定；三者不一致即为未决。",
    ),
    "method.rounding.title": ("Rounding", "舍入"),
    "method.rounding": (
        "Numbers are rounded for reading only, after every comparison: two decimals below 10, one below 1000, none from "
        "there on. A rounded number stands on the same side of every limit as the number itself; where it would not, "
        "digits are added. The embedded JSON has full precision.",
        "舍入仅供阅读，在所有比较之后进行：小于 10 取两位小数，小于 1000 取一位，其余不取。舍入后的数值与原数值位于限值的"
        "同一侧；否则增加位数。嵌入的 JSON 保留全部精度。",
    ),
    "method.dvh.title": ("Metrics", "指标"),
    "method.dvh": (
        "D, V and the mean after ICRU 83, notation after TG-263; CI after Paddick and GI as in ICRU 91. Per cent of dose "
        "is of the lesion's registered prescription. Distances to organs are between the prisms of the contours.",
        "D、V 与平均剂量依 ICRU 83，记法依 TG-263；CI 依 Paddick，GI 依 ICRU 91。剂量百分数以病灶登记的处方剂量为准。到危及器官的距离按轮廓棱柱之间计算。",
    ),
    "method.coordinates.title": ("Coordinates", "坐标"),
    "method.coordinates": (
        "Positions are DICOM patient coordinates (LPS) in mm.",
        "位置为 DICOM 患者坐标（LPS），单位 mm。",
    ),
    "method.limits.title": ("Known limits", "已知局限"),
    "method.limit.contours": (
        "What was not contoured is not checked; lesions are those of the registry, not of the images.",
        "未勾画者不在核查之列；病灶以登记为准，而非以影像为准。",
    ),
    "method.limit.dose": (
        "The dose is taken as exported: whether it was calculated and delivered rightly is not checked.",
        "剂量按导出采用：不核查其计算与实施是否正确。",
    ),
    "method.limit.grid": (
        "On steep gradients the spacing of the dose grid is the largest uncertainty; it is in the interval.",
        "在陡峭梯度处，剂量网格间距是最大的不确定度来源，已计入区间。",
    ),
    "method.limit.motion": (
        "Motion, set-up and changes of anatomy are not considered.",
        "未考虑运动、摆位及解剖变化。",
    ),
    "method.limit.pictures": (
        "Pictures are for orientation; no number of this report is read from them.",
        "图像仅供定位；本报告的任何数值均非由图像读取。",
    ),
    "column.key": ("key", "键"),
    "column.citation": ("citation", "文献"),
}
