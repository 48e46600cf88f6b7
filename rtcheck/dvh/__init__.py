"""From a solid and a dose to a dose-volume histogram, and from that to metrics with their interval."""
