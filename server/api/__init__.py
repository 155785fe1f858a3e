"""The REST and WebSocket API: FastAPI routers, one module a feature, thin."""
