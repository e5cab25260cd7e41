"""Sets with exact coordinates: regions, random pairs, data of a user, covered manifolds."""
