"""What every service stands on: kernel, contracts, database, messaging, HTTP. It never imports a service."""
