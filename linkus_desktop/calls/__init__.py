"""What happens with calls by the user's preferences: how they ring, which are answered, what they open."""
