-- PostgreSQL gives up two rules that are dear there. SQLite keeps them: they cost little, and a table would have to be
-- written anew to lose them. The same number stands for the same tables on both engines.
SELECT 1;
