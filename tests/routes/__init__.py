"""Who gets what at each address: route × role × own or other. One line per address and method; tests/test_routes.py plays it.

Objects belong to commune A of `tests.factories.Monde` (or to its EPCI). Columns, in the order of ROLES:

an  anonymous                       rf  référent of DA in A           di  Direction des territoires
dA  DGS of A          dB  DGS of B  re  responsable of DA             ad  administrateur
ma  maire of A                      ro  responsable of DB             vo  Direction of another EPCI
co  collaborateur of A              dp  directeur of the pôle of A    je  account of the intranet, by token
le  lecteur (élu) of A              ag  agent, without seat

Codes: 302 to sign-in for who is not signed in, 404 for what is not his (it does not exist), 403 for what he sees and may not do,
422 for a form heard and refused with words beside its fields: POST lines send an empty form unless `data` says otherwise.
A method without a line is one the address does not have: 405 for whoever is signed in.
"""

from tests.routes.colonnes import ROLES, Route, invitation, person
from tests.routes.contrats import CONTRATS
from tests.routes.cycle import CYCLE
from tests.routes.gens import GENS
from tests.routes.suite import SUITE

ROUTES: tuple[Route, ...] = (*GENS, *CYCLE, *CONTRATS, *SUITE)
__all__ = ["ROLES", "ROUTES", "Route", "invitation", "person"]
