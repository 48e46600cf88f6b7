"""Reading DICOM: files to a case, strictly and without a silent repair. `rtcheck.dicom.case.read_case` is the entry."""
