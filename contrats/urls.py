"""Addresses."""

app_name = "contrats"
urlpatterns: list = []
