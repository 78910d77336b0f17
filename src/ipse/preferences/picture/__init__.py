"""A picture of the interests over time: one file that any browser opens, without a script.

Everything in it comes from the owner's statements, which came from anywhere: every text is made legible
and escaped before it is drawn.
"""

from ipse.preferences.picture.drawing import svg
from ipse.preferences.picture.lanes import Dot, Lane
from ipse.preferences.picture.page import html

__all__ = ["Dot", "Lane", "html", "svg"]
