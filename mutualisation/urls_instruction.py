"""Addresses of the instruction: work list, lines, completions, studies, évaluations préalables, point d'arrêt."""

from django.urls import path

from mutualisation.views import arret, complement, etude, evaluation, instruction, ligne

urlpatterns = [
    path("instruction/", instruction.instructions, name="instructions"),
    path("cycles/<int:pk>/instruction/", instruction.instruction, name="instruction"),
    path(
        "cycles/<int:pk>/instruction/resultat/",
        instruction.instruction_resultat,
        name="instruction_resultat",
    ),
    path("lignes/<int:pk>/", ligne.ligne, name="ligne"),
    path("lignes/<int:pk>/recevable/", ligne.ligne_recevable, name="ligne_recevable"),
    path("lignes/<int:pk>/complement/", ligne.ligne_complement, name="ligne_complement"),
    path("lignes/<int:pk>/date-d-effet/", ligne.ligne_dater, name="ligne_dater"),
    path("complements/<int:pk>/", complement.complement, name="complement"),
    path("declarations/<int:pk>/etudes/<int:domaine>/", etude.etude, name="etude"),
    path("declarations/<int:pk>/etudes/<int:domaine>/effet/", etude.effet_ac, name="effet_ac"),
    path("cycles/<int:pk>/evaluations/", evaluation.evaluations, name="evaluations"),
    path("evaluations/<int:pk>/", evaluation.evaluation, name="evaluation"),
    path("evaluations/<int:pk>/observations/", evaluation.evaluation_observer, name="evaluation_observer"),
    path("evaluations/<int:pk>/valider/", evaluation.evaluation_valider, name="evaluation_valider"),
    path("evaluations/<int:pk>/deleguer/", evaluation.evaluation_deleguer, name="evaluation_deleguer"),
    path("delegations/<int:pk>/fin/", evaluation.delegation_fin, name="delegation_fin"),
    path("cycles/<int:pk>/point-d-arret/", arret.arrets, name="arrets"),
    path("declarations/<int:pk>/point-d-arret/", arret.arret, name="arret"),
    path("declarations/<int:pk>/point-d-arret/epci/", arret.arret_epci, name="arret_epci"),
    path("declarations/<int:pk>/point-d-arret/rouvrir/", arret.arret_rouvrir, name="arret_rouvrir"),
]
