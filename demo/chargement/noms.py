"""Invented names: any likeness is chance."""

from random import Random

# By turns a woman's and a man's.
PRENOMS = (
    "Claire", "Paul", "Nadia", "Marc", "Hélène", "Karim", "Sophie", "Julien", "Inès", "Thomas", "Aïcha", "Pierre",
    "Lucie", "Mehdi", "Anne", "Bruno", "Chloé", "Damien", "Élise", "Fabien", "Gaëlle", "Hugo", "Irène", "Jérôme",
    "Laure", "Maël", "Noémie", "Olivier", "Pauline", "Quentin", "Rose", "Samir", "Tiphaine", "Ugo", "Valérie", "Yann",
)  # fmt: skip
FEMININS = frozenset(PRENOMS[::2])
NOMS = (
    "Etcheverry", "Duprat", "Benali", "Ducos", "Lafitte", "Moreau", "Castaing", "Fernandez", "Dubreuil", "Garcia",
    "Lacoste", "Bonnet", "Larrieu", "Mendès", "Castéra", "Dupouy", "Fauché", "Labat", "Maurin", "Nogaro", "Peyrat",
    "Rambaud", "Sallaberry", "Tauzin", "Videau", "Arnaudin", "Bergès", "Cazenave", "Darrigade", "Escande",
    "Goyhenetche", "Hourcade", "Iturralde", "Jaureguy", "Labarthe", "Œuvrard",
)  # fmt: skip


class Registre:
    """Gives out (prénom, nom) pairs, never twice the same."""

    def __init__(self, random: Random) -> None:
        self._pairs = [(prenom, nom) for prenom in PRENOMS for nom in NOMS]
        random.shuffle(self._pairs)

    def take(self) -> tuple[str, str]:
        return self._pairs.pop()
