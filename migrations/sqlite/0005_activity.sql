-- INSERT OR REPLACE deletes rows without asking the trigger that refuses it.
CREATE TRIGGER activity_is_not_replaced BEFORE INSERT ON activity
WHEN EXISTS (SELECT 1 FROM activity WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'the activity is append-only');
END;

-- Actions are called as the vendor calls them.
DROP TRIGGER activity_is_not_changed;
UPDATE activity SET action = CASE action
    WHEN 'account.created' THEN 'auth.signup'
    WHEN 'session.signed_in' THEN 'auth.signin'
    WHEN 'session.refused' THEN 'auth.refused'
    WHEN 'member.added' THEN 'membership.joined'
END WHERE action IN ('account.created', 'session.signed_in', 'session.refused', 'member.added');
CREATE TRIGGER activity_is_not_changed BEFORE UPDATE ON activity
BEGIN
    SELECT RAISE(ABORT, 'the activity is append-only');
END;
