"""Addresses."""

app_name = "revues"
urlpatterns: list = []
