"""Addresses."""

app_name = "journal"
urlpatterns: list = []
