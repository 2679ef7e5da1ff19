"""Membership: who is a member, since when, until when, and who may act for it.

Owns: applications, members with their periods and particulars, mandates and claim codes, the register with its
chain, bulletins, certified rolls, member lists that are imported.

Publishes: ``membership.application.*``, ``membership.member.*``, ``membership.representative.*``,
``membership.bulletin.published.v1``, ``membership.roll.certified.v1``.

Listens to: ``cases.measure.cancellation_decided.v1``, ``cases.measure.annulled.v1``,
``amendments.convention.founded.v1``, ``amendments.rulebook.in_force.v1``,
``amendments.roll.requested.v1``, ``notifications.replay.requested.v1``, ``amendments.replay.requested.v1``.
"""
