"""The portal and the admin center that the connector guide walks through, as small pages of our own.

They do what they do through the same functions as Graph's writes (m365sim.registrations, m365sim.consents).
"""
