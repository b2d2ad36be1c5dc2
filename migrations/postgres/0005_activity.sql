-- PostgreSQL asks the trigger about UPDATE for INSERT ... ON CONFLICT DO UPDATE too, so nothing more is refused here.

-- Actions are called as the vendor calls them.
ALTER TABLE activity DISABLE TRIGGER activity_is_append_only;
UPDATE activity SET action = CASE action
    WHEN 'account.created' THEN 'auth.signup'
    WHEN 'session.signed_in' THEN 'auth.signin'
    WHEN 'session.refused' THEN 'auth.refused'
    WHEN 'member.added' THEN 'membership.joined'
END WHERE action IN ('account.created', 'session.signed_in', 'session.refused', 'member.added');
ALTER TABLE activity ENABLE TRIGGER activity_is_append_only;
