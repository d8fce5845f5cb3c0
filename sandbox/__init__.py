"""The stand-in that fakes the paid services, so that people without keys can try the product."""
