def demonstration(request):
    return {}
