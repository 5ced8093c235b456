"""How the company is organised: its names and domains, sites and departments."""

from dataclasses import dataclass

from m365sim.tenant import Domain, Tenant

# Invented, and checked against nothing but taste; each has its domains under .example (RFC 2606).
_COMPANIES = ("Norvelt", "Halbrook", "Quillmark", "Ostravind", "Pellastra", "Tarnwick", "Vestrel", "Zembury")


@dataclass(slots=True, frozen=True)
class Identity:
    """What the company is called. Seeds differ in it, so that several tenants can live in one simulator."""

    name: str  # of the tenant, for example Norvelt Group
    short: str
    stem: str  # first label of the domains

    @property
    def domain(self) -> str:
        return f"{self.stem}.example"

    @property
    def initial_domain(self) -> str:
        return f"{self.stem}.onmicrosoft.example"

    @property
    def second_domain(self) -> str:
        return f"{self.stem}-logistics.example"

    def domains(self) -> list[Domain]:
        return [
            Domain(self.initial_domain, is_default=False, is_initial=True, is_verified=True),
            Domain(self.domain, is_default=True, is_initial=False, is_verified=True),
            Domain(self.second_domain, is_default=False, is_initial=False, is_verified=True),
            Domain(f"{self.stem}-labs.example", is_default=False, is_initial=False, is_verified=False),
        ]


def identity_of(seed: int) -> Identity:
    """The company of a seed."""
    short, number = _COMPANIES[seed % len(_COMPANIES)], seed // len(_COMPANIES)
    suffix = str(number) if number else ""
    return Identity(f"{short} Group", short, f"{short.lower()}{suffix}")


def identity_from(tenant: Tenant) -> Identity:
    """The company that a tenant was built for, whatever the seed was."""
    initial = next(domain.id for domain in tenant.domains if domain.is_initial)
    return Identity(tenant.display_name, tenant.display_name.removesuffix(" Group"), initial.partition(".")[0])


@dataclass(slots=True, frozen=True)
class Site:
    city: str
    country: str
    usage_location: str
    culture: str
    offices: tuple[str, ...]
    weight: int


SITES: tuple[Site, ...] = (
    Site("Hamburg", "Germany", "DE", "german", ("HH-1/101", "HH-1/204", "HH-2/330"), 24),
    Site("München", "Germany", "DE", "german", ("MUC/1.12", "MUC/2.40"), 12),
    Site("London", "United Kingdom", "GB", "english", ("LON 4th floor", "LON 5th floor"), 12),
    Site("Chicago", "United States", "US", "english", ("CHI 12/E", "CHI 14/W"), 14),
    Site("Dublin", "Ireland", "IE", "english", ("DUB-A",), 4),
    Site("Lyon", "France", "FR", "french", ("LYS-2", "LYS-3"), 7),
    Site("Gdańsk", "Poland", "PL", "polish", ("GDN-1", "GDN-2"), 8),
    Site("Göteborg", "Sweden", "SE", "nordic", ("GOT hus 7",), 5),
    Site("Madrid", "Spain", "ES", "spanish", ("MAD-0",), 4),
    Site("São Paulo", "Brazil", "BR", "spanish", ("SAO-1",), 2),
    Site("Pune", "India", "IN", "indian", ("PNQ-B3", "PNQ-B4"), 12),
    Site("Shanghai", "China", "CN", "chinese", ("SHA-9",), 4),
    Site("İzmir", "Türkiye", "TR", "turkish", ("ADB-1",), 3),
)


@dataclass(slots=True, frozen=True)
class Department:
    name: str
    titles: tuple[str, ...]
    cost_centers: tuple[str, ...]
    division: str
    weight: int
    frontline: float  # share of people without a desk
    leading: float  # share of people with the larger suite


DEPARTMENTS: tuple[Department, ...] = (
    Department(
        "Warehouse", ("Picker", "Shift Lead", "Forklift Operator"), ("CC-4100", "CC-4110"), "Operations", 16, 0.9, 0
    ),
    Department("Transport", ("Driver", "Dispatcher", "Fleet Planner"), ("CC-4200",), "Operations", 10, 0.7, 0),
    Department(
        "Production", ("Operator", "Process Engineer", "Foreman"), ("CC-4300", "CC-4310"), "Operations", 14, 0.6, 0
    ),
    Department(
        "Sales", ("Account Executive", "Sales Engineer", "Key Account Lead"), ("CC-2100",), "Market", 12, 0, 0.1
    ),
    Department("Customer Service", ("Agent", "Team Lead", "Case Specialist"), ("CC-2200",), "Market", 8, 0.2, 0),
    Department("Marketing", ("Brand Lead", "Copywriter", "Campaign Analyst"), ("CC-2300",), "Market", 4, 0, 0.05),
    Department(
        "Finance", ("Accountant", "Controller", "Treasury Analyst"), ("CC-1100", "CC-1110"), "Corporate", 6, 0, 0.25
    ),
    Department("Human Resources", ("Recruiter", "HR Partner", "Payroll Clerk"), ("CC-1200",), "Corporate", 3, 0, 0.15),
    Department(
        "Information Technology", ("Administrator", "Developer", "Architect"), ("CC-1300",), "Corporate", 7, 0, 0.5
    ),
    Department("Legal & Compliance", ("Counsel", "Paralegal", "Privacy Officer"), ("CC-1400",), "Corporate", 2, 0, 0.4),
    Department("Purchasing", ("Buyer", "Category Lead"), ("CC-3100",), "Supply", 4, 0, 0.05),
    Department("Quality", ("Inspector", "Quality Engineer"), ("CC-3200",), "Supply", 4, 0.2, 0.02),
    Department(
        "Research and Development", ("Scientist", "Engineer", "Lab Technician"), ("CC-5100",), "Technology", 7, 0, 0.15
    ),
    Department("Executive Board", ("Chief Officer", "Assistant to the Board"), ("CC-1000",), "Corporate", 1, 0, 0.95),
)
DEPARTMENTS_BY_NAME: dict[str, Department] = {department.name: department for department in DEPARTMENTS}
