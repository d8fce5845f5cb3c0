"""The Spanish sentences of sample stories."""

from sandbox.story_material import ENGLISH as SPANISH

__all__ = ["SPANISH"]
