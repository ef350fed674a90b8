"""The controller: a hint, the story of a build, its ledger and its sweep."""
