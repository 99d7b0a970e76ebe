"""The server: standalone Voila with our own sign-in, kernels, pages and templates.

``serve`` refuses what cannot be served, ``standalone`` puts the parts together, ``identity`` says who
is asking, ``kernels`` whose kernel is whose and what it may know, ``handlers`` answers requests,
``pages`` lists the apps. Nothing here decides anything about votes: an app is a notebook that shows a
panel of ``ui``.
"""

from __future__ import annotations

__all__: list[str] = []
