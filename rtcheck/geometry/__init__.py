"""Geometry: contour planes and rings, exact area cover, shape between planes, dose between voxel centres."""
