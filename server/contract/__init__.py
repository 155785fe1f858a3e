"""What crosses the API: pydantic models only, shared by server and client."""
