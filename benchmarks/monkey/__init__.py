"""Random hands at the real window: what they do, what they answer, and what they look at."""

from __future__ import annotations
