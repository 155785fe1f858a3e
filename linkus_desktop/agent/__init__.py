"""View-models of the agent's workspace (queues, Inbox); no widgets."""
