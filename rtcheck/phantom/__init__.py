"""Solids with closed forms, their contours and dose grids, and what a dose-volume histogram of them has to say."""
