"""Addresses of the demonstration."""

from django.urls import path

from demo import views

app_name = "demo"
urlpatterns = [
    path("avancer/", views.advance_clock, name="avancer"),
    path("entrer/", views.enter, name="entrer"),
]
