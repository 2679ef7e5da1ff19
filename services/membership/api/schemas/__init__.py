"""The bodies and views of membership's API, by resource."""
