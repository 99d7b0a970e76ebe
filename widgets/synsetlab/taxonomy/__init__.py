"""WordNet 3.0's nouns: search, walk, measure.

>>> from synsetlab.taxonomy import load
>>> taxonomy = load()
>>> taxonomy.lemmas("n02084071")
['dog', 'domestic dog', 'Canis familiaris']
"""

from synsetlab.taxonomy.cache import load
from synsetlab.taxonomy.nouns import Induced, Taxonomy
from synsetlab.taxonomy.search import Match

__all__ = ["Induced", "Match", "Taxonomy", "load"]
