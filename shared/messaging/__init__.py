"""How events travel: outgoing events, relay, bus, incoming events, reactions."""
