"""The edge: pages, health, and how failures become answers."""
