"""Server-rendered pages of the simulator, all plainly named as a simulation."""

from m365sim.pages.render import page

__all__ = ["page"]
