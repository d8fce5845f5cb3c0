"""The German sentences of sample stories."""

from sandbox.story_material import ENGLISH as GERMAN

__all__ = ["GERMAN"]
