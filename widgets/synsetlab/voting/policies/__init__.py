"""The stopping policies, one family a module; import them from `synsetlab.voting.policy`."""
