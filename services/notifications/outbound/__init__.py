"""Requests that leave the house: to the systems that members have named."""
