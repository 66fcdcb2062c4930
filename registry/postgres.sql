-- What a register on PostgreSQL has before its tables (which are made of registry/schema.sql by
-- registry/schema_postgres.awk): what SQLite has of its own, and names to search.

CREATE TABLE schema_version (      -- exactly one row
    one     BIGINT PRIMARY KEY CHECK (one = 1),
    version BIGINT NOT NULL,
    changes BIGINT NOT NULL        -- one more with each transaction that has changed something
);
INSERT INTO schema_version VALUES (1, 1, 1);

CREATE COLLATION nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false);

CREATE FUNCTION json_each(list text) RETURNS TABLE (value text) LANGUAGE sql IMMUTABLE STRICT
AS $$ SELECT jsonb_array_elements_text(list::jsonb) $$;

CREATE FUNCTION group_concat_step(so_far text, next text, separator text) RETURNS text LANGUAGE sql IMMUTABLE
AS $$ SELECT CASE WHEN next IS NULL THEN so_far WHEN so_far IS NULL THEN next ELSE so_far || separator || next END $$;
CREATE AGGREGATE group_concat(text, text) (SFUNC = group_concat_step, STYPE = text);

-- Names of providers, legal and trade names: their words, in small letters and without accents.
CREATE FUNCTION search_words(names text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT coalesce(array_agg(left(word, 200)), '{}') FROM string_to_table(regexp_replace(regexp_replace(
        normalize(lower(names COLLATE "und-x-icu"), NFD), '[\u0300-\u036f]', '', 'g'),
        '[^[:alnum:]]+', ' ', 'g'), ' ') AS word WHERE word <> ''
$$;
CREATE TABLE provider_search (
    rowid BIGINT PRIMARY KEY,      -- provider.id
    names TEXT COLLATE "C" NOT NULL,
    words tsvector NOT NULL GENERATED ALWAYS AS (array_to_tsvector(search_words(names))) STORED
);
CREATE INDEX provider_search_words ON provider_search USING gin (words);

-- What was typed as a query: every word of more than one letter as a beginning.
CREATE FUNCTION search_query(typed text) RETURNS tsquery LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT string_agg(quote_literal(word) || CASE WHEN length(word) > 1 THEN ':*' ELSE '' END, ' & ')::tsquery
    FROM unnest((search_words(typed))[1:16]) AS word
$$;
