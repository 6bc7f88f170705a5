"""Neural networks: graphs in batches, layers and one training loop."""
