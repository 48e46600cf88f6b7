"""Words of the self-test on a page. Key to (English, Simplified Chinese)."""

from __future__ import annotations

__all__ = ["SELFTEST_MESSAGES"]

SELFTEST_MESSAGES: dict[str, tuple[str, str]] = {
    "fact.selftest": ("self-test", "自检"),
    "notice.selftest_failed": (
        "THE SELF-TEST GIVEN WITH THIS REPORT FAILED: do not rely on its numbers before the cause is found (Method).",
        "随本报告提供的自检未通过：查明原因之前，请勿采信其中的数值（见“方法”）。",
    ),
    "selftest.state.none": ("none given", "未提供"),
    "selftest.state.passed": ("passed", "通过"),
    "selftest.state.differs": ("passed, with other software", "通过，但软件版本不同"),
    "selftest.state.failed": ("FAILED", "未通过"),
    "selftest.title": ("Self-test", "自检"),
    "selftest.none": (
        "No self-test was given with this report. Run `rtcheck selftest --format json > selftest.json` on this machine "
        "and give `--selftest selftest.json`.",
        "本报告未附自检结果。请在本机运行 `rtcheck selftest --format json > selftest.json`，并以 `--selftest selftest.json` 提供。",
    ),
    "selftest.passed": (
        "Passed: rtcheck {version}, {phantoms} phantoms with known dose-volume histograms; every target was met and "
        "every judged interval holds the truth.",
        "通过：rtcheck {version}，{phantoms} 个已知剂量体积直方图的模体；所有目标均达到，所有受判定的区间均包含真值。",
    ),
    "selftest.failed": (
        "FAILED: rtcheck {version}, {phantoms} phantoms with known dose-volume histograms; what was missed stands below.",
        "未通过：rtcheck {version}，{phantoms} 个已知剂量体积直方图的模体；未达到者见下表。",
    ),
    "selftest.differs": (
        "It was not run with the software that made this result: {list}. Run it again with that software.",
        "自检所用软件与生成本结果的软件不同：{list}。请用后者重新自检。",
    ),
    "selftest.differs.item": ("{name} {found}, not {used}", "{name} {found}，而非 {used}"),
    "selftest.no_files": (
        "Reading DICOM files was not part of that self-test.",
        "该自检未包含读取 DICOM 文件。",
    ),
    "selftest.caption": (
        "Errors in per cent, worst of all phantoms, and the figure that the target is for",
        "误差（百分数）：所有模体中的最大值，以及与目标比较的数值",
    ),
    "selftest.intervals": ("Intervals that hold the truth of the ideal solid", "包含理想几何体真值的区间"),
    "selftest.part.prisms": ("prisms of the contours", "轮廓棱柱"),
    "selftest.part.solids": ("ideal solid", "理想几何体"),
    "selftest.part.files": ("read from DICOM files", "读自 DICOM 文件"),
    "selftest.class.Volume": ("volume", "体积"),
    "selftest.class.Mean dose": ("mean dose", "平均剂量"),
    "selftest.class.Dose at a volume": ("dose at a volume", "某体积所受剂量"),
    "selftest.class.Volume at a dose": ("volume at a dose", "受某剂量的体积"),
    "selftest.class.Minimum, maximum": ("minimum, maximum", "最小值、最大值"),
    "selftest.ok": ("held", "达到"),
    "selftest.missed": ("MISSED", "未达到"),
    "selftest.not_judged": ("shown, not judged", "仅列出，不作判定"),
    "column.selftest.class": ("metrics", "指标类别"),
    "column.selftest.part": ("compared with", "比较对象"),
    "column.selftest.of": ("per cent of", "百分数的基准"),
    "column.selftest.count": ("n", "数量"),
    "column.selftest.worst": ("worst", "最大"),
    "column.selftest.judged": ("judged", "判定值"),
    "column.selftest.target": ("target", "目标"),
    "column.selftest.inside": ("hold it", "包含"),
    "column.selftest.state": ("result", "结果"),
    "selftest.of.volume": ("volume", "体积"),
}
