"""Sorts letters of tenants to a housing office, and says which ones cannot wait."""
