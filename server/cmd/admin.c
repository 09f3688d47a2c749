/* SPDX-License-Identifier: Apache-2.0 */
/* What only the operator may do, from the command line: make households, owners and cameras, admit
 * agencies and officers. Each command is one transaction with its ledger entry (actor: operator).
 * Secrets are printed once and kept nowhere. */
#include "account/account.h"
#include "account/agency.h"
#include "app/database.h"
#include "auth/password_rule.h"
#include "auth/s3_key.h"
#include "auth/session.h"
#include "auth/sign_in.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/str.h"
#include "cmd/admin_args.h"
#include "cmd/cmd.h"
#include "config/config.h"
#include "crypto/keyring.h"
#include "crypto/password.h"
#include "db/migrate.h"
#include "ledger/ledger.h"
#include "request/area.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { OUTPUT_MAX = 16384, REASON_MAX = 512, TOKEN_DAYS = 365, TOKEN_DAYS_MAX = 3650 };
#define DAY_US INT64_C(86400000000)

struct admin {
    const struct cmd *cmd;
    struct admin_args args;
    struct keyring *keyring;
    struct loop *loop;
    struct db *db;
    struct buf out; /* members of the JSON object, or readable lines */
    bool json, failed;
    void (*read_reply)(struct admin *a, const struct db_reply *r);
    struct principal person; /* of person_find */
};

static bool complain(struct admin *a, const char *fmt, ...) PRINTF_LIKE(2, 3);

static bool complain(struct admin *a, const char *fmt, ...)
{
    va_list ap;
    a->failed = true;
    fputs("doorward admin: ", stderr);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
    return false;
}

/* ---- what is printed ---- */
static void say(struct admin *a, const char *key, const char *value)
{
    if (a->json) {
        buf_printf(&a->out, "%s\"%s\":\"", a->out.len ? "," : "", key);
        buf_json_text(&a->out, value);
        buf_str(&a->out, "\"");
    } else {
        buf_printf(&a->out, "%-12s %s\n", key, value);
    }
}

static void say_id(struct admin *a, const char *key, const struct id *id)
{
    char text[ID_TEXT_SIZE];
    id_format(id, text);
    say(a, key, text);
}

/* ---- one transaction, waited for ---- */
static void committed(void *arg, const struct db_reply *r)
{
    struct admin *a = arg;
    static const char *const what[] = {
        [DB_E_UNAVAILABLE] = "the database does not answer",
        [DB_E_BUSY] = "the database is busy",
        [DB_E_UNIQUE] = "that name or address is taken already",
        [DB_E_CONSTRAINT] = "a value is out of bounds, or what it refers to is not there",
        [DB_E_REFUSED] = "not possible",
        [DB_E_FAILED] = "the database refused it; see the log"};
    int status = db_status(r);
    if (status) {
        fprintf(stderr, "doorward admin: %s%s%s\n", what[status], *db_message(r) ? ": " : "",
                db_message(r));
        a->failed = true;
    } else if (a->read_reply) {
        a->read_reply(a, r);
    }
    loop_stop(a->loop);
}

static bool commit(struct admin *a, struct db_tx *tx)
{
    db_tx_commit(tx, committed, a);
    loop_run(a->loop);
    a->read_reply = NULL;
    return !a->failed;
}

/* ---- values from the command line ---- */
static bool arg_id(struct admin *a, const char *name, struct id *ret_id)
{
    return !id_parse(admin_arg(&a->args, name), ret_id) || complain(a, "%s needs an id.", name);
}

static bool arg_email(struct admin *a, char *ret_key)
{
    return !sign_in_email_key(admin_arg(&a->args, "--email"), ret_key) ||
           complain(a, "--email needs an address such as name@example.org.");
}

static bool read_line(FILE *f, char *ret_line, size_t size)
{
    if (!f || !fgets(ret_line, (int)size, f)) {
        return false;
    }
    ret_line[strcspn(ret_line, "\r\n")] = '\0';
    return true;
}

/* The password to set: from stdin, a file, or a new one (which is printed). Hashed into ret_hash.
 */
static bool arg_password(struct admin *a, unsigned min_characters,
                         char ret_hash[PASSWORD_HASH_SIZE])
{
    char password[PASSWORD_MAX_BYTES + 3];
    uint8_t random[15];
    const char *path = admin_arg(&a->args, "--password-file");
    bool from_stdin = admin_arg(&a->args, "--password-stdin") != NULL;
    if (from_stdin || path) {
        FILE *f = from_stdin ? stdin : fopen(path, "re");
        bool got = read_line(f, password, sizeof(password));
        if (f && f != stdin) {
            fclose(f);
        }
        if (!got) {
            return complain(a, "%s has no password.", from_stdin ? "Standard input" : path);
        }
        int judgement = password_judge(password, min_characters);
        if (judgement) {
            return complain(a, "%s", password_complaint(judgement));
        }
    } else {
        random_bytes(random, sizeof(random));
        base64url(random, sizeof(random), password);
    }
    if (password_hash(password, ret_hash)) {
        return complain(a, "not enough memory to hash the password.");
    }
    if (!from_stdin && !path) {
        say(a, "password", password);
    }
    secret_wipe(password, sizeof(password));
    return true;
}

static void say_token(struct admin *a, struct db_tx *tx, const struct principal *who, uint64_t days,
                      const char *name)
{
    char token[CREDENTIAL_SIZE];
    struct id id;
    int64_t lifetime = (int64_t)days * DAY_US;
    session_add(tx,
                &(struct session_new){.kind = "token",
                                      .who = who,
                                      .name = name,
                                      .peer = "",
                                      .idle_us = lifetime,
                                      .lifetime_us = lifetime},
                token, &id);
    ledger_add(tx, &(struct ledger_entry){
                       .action = "token.create",
                       .agency = who->kind == PRINCIPAL_OFFICER ? &who->agency : NULL,
                       .actor_kind = "operator",
                       .subject_kind = who->kind == PRINCIPAL_OFFICER ? "officer" : "account",
                       .subject = &who->id});
    say(a, "token", token);
    secret_wipe(token, sizeof(token));
}

/* ---- the commands ---- */
static bool household_create(struct admin *a)
{
    struct id id;
    struct db_tx *tx = db_tx_begin(a->db);
    account_add_household(tx, a->keyring, admin_arg(&a->args, "--name"), &id);
    say_id(a, "id", &id);
    return commit(a, tx);
}

static bool arg_bytes(struct admin *a, const char *name, struct db_arg *ret_bytes)
{
    const char *text = admin_arg(&a->args, name);
    uint64_t bytes = 0;
    if (text != NULL && (str_parse_u64(text, INT64_MAX, &bytes) != 0 || bytes == 0)) {
        return complain(a, "%s needs a number of bytes.", name);
    }
    *ret_bytes = text != NULL ? DB_I64(bytes) : DB_NULL;
    return true;
}

static bool household_limit(struct admin *a)
{
    struct id household;
    struct db_arg quota, soft, undo;
    const char *text = admin_arg(&a->args, "--undo-s");
    uint64_t undo_s = 0;
    if (!arg_id(a, "--household", &household) || !arg_bytes(a, "--quota-bytes", &quota) ||
        !arg_bytes(a, "--soft-bytes", &soft)) {
        return false;
    }
    if (text != NULL && str_parse_u64(text, 7 * 86400, &undo_s) != 0) {
        return complain(a, "--undo-s needs a number up to 604800.");
    }
    undo = text != NULL ? DB_I64(undo_s) : DB_NULL;
    struct db_tx *tx = db_tx_begin(a->db);
    db_tx_add(tx, DB_HOUSEHOLD_LIMIT, DB_ID(&household), quota, soft, undo);
    ledger_add(tx, &(struct ledger_entry){.action = "household.limit",
                                          .household = &household,
                                          .actor_kind = "operator",
                                          .subject_kind = "household",
                                          .subject = &household});
    say_id(a, "id", &household);
    return commit(a, tx);
}

static bool owner_create(struct admin *a)
{
    struct id household;
    char key[SIGN_IN_EMAIL_MAX + 1], hash[PASSWORD_HASH_SIZE];
    struct principal who = {.kind = PRINCIPAL_ACCOUNT};
    const char *email = admin_arg(&a->args, "--email"), *name = admin_arg(&a->args, "--name");
    if (!arg_id(a, "--household", &household) || !arg_email(a, key) ||
        !arg_password(a, PASSWORD_MIN_ACCOUNT, hash)) {
        return false;
    }
    struct db_tx *tx = db_tx_begin(a->db);
    account_add_owner(tx,
                      &(struct account_new){.email = email,
                                            .email_key = key,
                                            .name = name ? name : "",
                                            .password_hash = hash,
                                            .household = &household},
                      &who.id);
    say_id(a, "id", &who.id);
    say(a, "email", email);
    say_token(a, tx, &who, TOKEN_DAYS, "made with the account");
    return commit(a, tx);
}

static bool parse_place(struct admin *a, char *ret_text, size_t size)
{
    const char *lon = admin_arg(&a->args, "--lon"), *lat = admin_arg(&a->args, "--lat");
    struct area_point p[AREA_POINTS_MAX];
    size_t n;
    char both[128];
    snprintf(both, sizeof(both), "%s,%s", lon ? lon : "", lat ? lat : "");
    if (!lon != !lat || area_parse(both, p, &n) || n != 1 || p[0].lon < -180 || p[0].lon > 180 ||
        p[0].lat < -90 || p[0].lat > 90) {
        return complain(a, "--lon and --lat need a longitude and a latitude in degrees.");
    }
    snprintf(ret_text, size, "(%.9f,%.9f)", p[0].lon, p[0].lat);
    return true;
}

static bool camera_create(struct admin *a)
{
    struct id household, id;
    char secret[CREDENTIAL_SIZE], place[64];
    bool placed = admin_arg(&a->args, "--lon") || admin_arg(&a->args, "--lat");
    if (!arg_id(a, "--household", &household) ||
        (placed && !parse_place(a, place, sizeof(place)))) {
        return false;
    }
    struct db_tx *tx = db_tx_begin(a->db);
    account_add_camera(tx,
                       &(struct account_camera){.household = &household,
                                                .name = admin_arg(&a->args, "--name"),
                                                .place = placed ? place : NULL},
                       &id, secret);
    say_id(a, "id", &id);
    say(a, "secret", secret);
    return commit(a, tx);
}

static bool camera_rotate(struct admin *a)
{
    struct id camera;
    char secret[CREDENTIAL_SIZE];
    if (!arg_id(a, "--camera", &camera)) {
        return false;
    }
    struct db_tx *tx = db_tx_begin(a->db);
    account_rotate_camera(tx, &camera, secret);
    say_id(a, "id", &camera);
    say(a, "secret", secret);
    return commit(a, tx);
}

static void record_key(struct db_tx *tx, const char *action, const struct id *camera)
{
    ledger_add(tx, &(struct ledger_entry){.action = action,
                                          .actor_kind = "operator",
                                          .subject_kind = "camera",
                                          .subject = camera});
}

static bool s3_key_create(struct admin *a)
{
    struct id camera;
    struct s3_key_made key;
    char endpoint[512];
    if (!arg_id(a, "--camera", &camera)) {
        return false;
    }
    struct db_tx *tx = db_tx_begin(a->db);
    db_tx_add(tx, DB_CAMERA_EXISTS, DB_ID(&camera));
    s3_key_add(tx, a->keyring, &camera, true, &key);
    record_key(tx, "camera.key_create", &camera);
    snprintf(endpoint, sizeof(endpoint), "%s/s3", a->cmd->config->public_url);
    say_id(a, "bucket", &camera);
    say(a, "endpoint", endpoint);
    say(a, "access_key", key.access_key);
    say(a, "secret", key.secret);
    secret_wipe(&key, sizeof(key));
    return commit(a, tx);
}

static bool s3_key_revoke(struct admin *a)
{
    struct id camera;
    if (!arg_id(a, "--camera", &camera)) {
        return false;
    }
    struct db_tx *tx = db_tx_begin(a->db);
    db_tx_add(tx, DB_CAMERA_EXISTS, DB_ID(&camera));
    db_tx_add(tx, DB_S3_KEY_REVOKE, DB_ID(&camera), DB_I64(clock_now_us()));
    record_key(tx, "camera.key_revoke", &camera);
    say_id(a, "bucket", &camera);
    return commit(a, tx);
}

static void read_person(struct admin *a, const struct db_reply *r)
{
    if (db_rows(r, 0) != 1) {
        complain(a, "nobody has the address %s.", admin_arg(&a->args, "--email"));
        return;
    }
    bool officer = db_is_null(r, 0, 0, 0);
    a->person.kind = officer ? PRINCIPAL_OFFICER : PRINCIPAL_ACCOUNT;
    a->person.id = db_id(r, 0, 0, officer ? 1 : 0);
    if (officer) {
        a->person.agency = db_id(r, 0, 0, 2);
    }
}

static bool token_create(struct admin *a)
{
    char key[SIGN_IN_EMAIL_MAX + 1];
    const char *days_text = admin_arg(&a->args, "--days");
    uint64_t days = TOKEN_DAYS;
    if (days_text && (str_parse_u64(days_text, TOKEN_DAYS_MAX, &days) || !days)) {
        return complain(a, "--days needs a number of days, at most ten years.");
    }
    if (!arg_email(a, key)) {
        return false;
    }
    struct db_tx *find = db_tx_begin(a->db);
    db_tx_add(find, DB_PERSON_FIND, DB_TEXT(key));
    a->read_reply = read_person;
    if (!commit(a, find)) {
        return false;
    }
    struct db_tx *tx = db_tx_begin(a->db);
    say_token(a, tx, &a->person, days, admin_arg(&a->args, "--name"));
    return commit(a, tx);
}

static bool parse_jurisdiction(struct admin *a, struct buf *out)
{
    struct area_point p[AREA_POINTS_MAX];
    size_t n;
    double km2;
    if (area_parse(admin_arg(&a->args, "--jurisdiction"), p, &n)) {
        return complain(a, "--jurisdiction needs corners: 'lon,lat lon,lat lon,lat ...'.");
    }
    int r = area_measure(p, n, &km2);
    if (r) {
        return complain(a, "--jurisdiction: %s.", area_complaint(r));
    }
    area_format(p, n, out);
    return true;
}

static bool agency_admit_command(struct admin *a)
{
    struct id id;
    struct buf area = BUF_INIT(64 * AREA_POINTS_MAX);
    const char *staff[] = {admin_arg_at(&a->args, "--staff", 0),
                           admin_arg_at(&a->args, "--staff", 1)};
    if (str_same(staff[0], staff[1]) || !*staff[0] || !*staff[1]) {
        return complain(a, "--staff: two different members of staff approve an agency.");
    }
    if (!parse_jurisdiction(a, &area)) {
        return false;
    }
    struct db_tx *tx = db_tx_begin(a->db);
    agency_admit(tx,
                 &(struct agency_new){.name = admin_arg(&a->args, "--name"),
                                      .kind = admin_arg(&a->args, "--kind"),
                                      .email_domain = admin_arg(&a->args, "--domain"),
                                      .contact = admin_arg(&a->args, "--contact"),
                                      .act_title = admin_arg(&a->args, "--act-title"),
                                      .act_url = admin_arg(&a->args, "--act-url"),
                                      .act_date = admin_arg(&a->args, "--act-date"),
                                      .jurisdiction = (const char *)area.data,
                                      .staff = {staff[0], staff[1]}},
                 &id);
    buf_finish(&area);
    say_id(a, "id", &id);
    return commit(a, tx);
}

static void say_totp(struct admin *a, const uint8_t *secret, const char *email)
{
    char *uri = totp_uri(secret, TOTP_SECRET_SIZE, "Doorward", email);
    const char *from = strstr(uri, "secret=");
    char base32[64] = "";
    if (from) {
        snprintf(base32, sizeof(base32), "%.*s", (int)strcspn(from + 7, "&"), from + 7);
    }
    say(a, "totp_secret", base32);
    say(a, "totp_uri", uri);
    free(uri);
}

static bool officer_create(struct admin *a)
{
    struct principal who = {.kind = PRINCIPAL_OFFICER};
    char key[SIGN_IN_EMAIL_MAX + 1], hash[PASSWORD_HASH_SIZE];
    uint8_t totp[TOTP_SECRET_SIZE];
    const char *email = admin_arg(&a->args, "--email"), *badge = admin_arg(&a->args, "--badge");
    if (!arg_id(a, "--agency", &who.agency) || !arg_email(a, key) ||
        !arg_password(a, PASSWORD_MIN_OFFICER, hash)) {
        return false;
    }
    random_bytes(totp, sizeof(totp));
    struct db_tx *tx = db_tx_begin(a->db);
    agency_add_officer(tx,
                       &(struct officer_new){.agency = &who.agency,
                                             .email = email,
                                             .email_key = key,
                                             .name = admin_arg(&a->args, "--name"),
                                             .badge = badge ? badge : "",
                                             .role = admin_arg(&a->args, "--role"),
                                             .password_hash = hash,
                                             .totp_secret = totp},
                       &who.id);
    say_id(a, "id", &who.id);
    say(a, "email", email);
    say_totp(a, totp, email);
    say_token(a, tx, &who, TOKEN_DAYS, "made with the officer");
    secret_wipe(totp, sizeof(totp));
    return commit(a, tx);
}

/* ---- the list of commands ---- */
#define JSON                                                                                       \
    {                                                                                              \
        "--json", .flag = true, .help = "print one JSON object"                                    \
    }
#define PASSWORD_OPTIONS                                                                           \
    {"--password-file", .help = "its first line is the password; else one is made and printed"},   \
    {                                                                                              \
        "--password-stdin", .flag = true, .help = "read the password from standard input"          \
    }

static const struct admin_option household_options[] = {
    {"--name", .required = true, .help = "what it is called"}, JSON, {0}};
static const struct admin_option limit_options[] = {
    {"--household", .required = true, .help = "id of the household"},
    {"--quota-bytes", .help = "no more is taken above it; without: no limit"},
    {"--soft-bytes", .help = "above it the oldest goes first when the disk is full"},
    {"--undo-s", .help = "how long deletions can be undone, unless a camera says otherwise"},
    JSON,
    {0}};
static const struct admin_option owner_options[] = {
    {"--household", .required = true, .help = "id of the household"},
    {"--email", .required = true, .help = "address to sign in with"},
    {"--name", .help = "the person's name"},
    PASSWORD_OPTIONS,
    JSON,
    {0}};
static const struct admin_option camera_options[] = {
    {"--household", .required = true, .help = "id of the household"},
    {"--name", .required = true, .help = "what it is called"},
    {"--lon", .help = "where it is: degrees east"},
    {"--lat", .help = "where it is: degrees north"},
    JSON,
    {0}};
static const struct admin_option rotate_options[] = {
    {"--camera", .required = true, .help = "id of the camera; its old secrets end"}, JSON, {0}};
static const struct admin_option s3_options[] = {
    {"--camera", .required = true, .help = "id of the camera"}, JSON, {0}};
static const struct admin_option token_options[] = {
    {"--email", .required = true, .help = "address of an account or an officer"},
    {"--name", .required = true, .help = "what it is for"},
    {"--days", .help = "how long it lives (365)"},
    JSON,
    {0}};
static const struct admin_option agency_options[] = {
    {"--name", .required = true, .help = "official name"},
    {"--kind", .required = true, .help = "police, fire, animal_control or other"},
    {"--domain", .required = true, .help = "its officers' e-mail domain"},
    {"--contact", .required = true, .help = "whom to call"},
    {"--act-title", .required = true, .help = "the public act that authorised it"},
    {"--act-url", .required = true, .help = "where the act is published"},
    {"--act-date", .required = true, .help = "date of the act, YYYY-MM-DD"},
    {"--jurisdiction", .required = true, .help = "corners: 'lon,lat lon,lat lon,lat ...'"},
    {"--staff", .required = true, .repeats = 2, .help = "who approves it; two different people"},
    JSON,
    {0}};
static const struct admin_option officer_options[] = {
    {"--agency", .required = true, .help = "id of the agency"},
    {"--email", .required = true, .help = "address at the agency's domain"},
    {"--name", .required = true, .help = "the officer's name"},
    {"--badge", .help = "badge number"},
    {"--role", .required = true, .help = "requester, approver, evidence or admin"},
    PASSWORD_OPTIONS,
    JSON,
    {0}};

static const struct admin_command {
    const char *noun, *verb, *help;
    bool (*run)(struct admin *a);
    const struct admin_option *options;
} commands[] = {
    {"household", "create", "a new household", household_create, household_options},
    {"household", "limit", "what a household may use", household_limit, limit_options},
    {"owner", "create", "an account that owns a household, and a token", owner_create,
     owner_options},
    {"account", "create", "the same as owner create", owner_create, owner_options},
    {"camera", "create", "a camera and its secret", camera_create, camera_options},
    {"camera", "rotate", "a new secret for a camera", camera_rotate, rotate_options},
    {"s3-key", "create", "a permanent S3 key for a camera", s3_key_create, s3_options},
    {"s3-key", "revoke", "end a camera's permanent S3 keys", s3_key_revoke, s3_options},
    {"token", "create", "an API token for an account or officer", token_create, token_options},
    {"agency", "admit", "an agency that may ask for footage", agency_admit_command, agency_options},
    {"officer", "create", "an officer of an agency, second factor and token", officer_create,
     officer_options},
};

static void usage(FILE *f)
{
    fputs("usage: doorward admin NOUN VERB --option value ...\n", f);
    for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
        fprintf(f, "\n%s %s: %s\n", commands[i].noun, commands[i].verb, commands[i].help);
        for (const struct admin_option *o = commands[i].options; o->name; o++) {
            fprintf(f, "  %-18s %s%s\n", o->name, o->help, o->required ? "" : " (optional)");
        }
    }
}

static const struct admin_command *find_command(int argc, char **argv)
{
    for (size_t i = 0; argc > 2 && i < ARRAY_LEN(commands); i++) {
        if (!strcmp(commands[i].noun, argv[1]) && !strcmp(commands[i].verb, argv[2])) {
            return &commands[i];
        }
    }
    return NULL;
}

/* ---- the frame around them ---- */
static void print_output(struct admin *a)
{
    ALWAYS(!a->out.overflow && a->out.data);
    printf(a->json ? "{%s}\n" : "%s", (const char *)a->out.data);
    secret_wipe(a->out.data, a->out.len);
}

static void drained(void *arg)
{
    loop_stop(arg);
}

static bool run_on(struct admin *a, const char *url, const struct admin_command *command)
{
    a->loop = loop_create(a->cmd->log);
    a->db = db_create(&(struct db_params){.loop = a->loop,
                                          .url = url,
                                          .connections = 1,
                                          .waiting_max = 16,
                                          .deadline_ms = 15000,
                                          .wait_ms = 15000});
    bool ok = command->run(a);
    if (ok) {
        print_output(a);
    }
    db_drain(a->db, drained, a->loop);
    loop_run(a->loop);
    a->db = db_destroy(a->db);
    a->loop = loop_destroy(a->loop);
    return ok;
}

static int run_with_database(struct admin *a, const struct admin_command *command)
{
    const struct config *c = a->cmd->config;
    char reason[REASON_MAX] = "";
    struct database database;
    unsigned applied;
    if (database_open(c, a->cmd->log, &database, reason, sizeof(reason))) {
        complain(a, "%s", reason);
        return CMD_FAILED;
    }
    bool ok = false;
    if (c->migrate && migrate_run(database.url, a->cmd->log, &applied, reason, sizeof(reason))) {
        complain(a, "%s", reason);
    } else if (keyring_load(c->master_key_file, true, &a->keyring)) {
        complain(a, "the master key %s cannot be read.", c->master_key_file);
    } else {
        ok = run_on(a, database.url, command);
    }
    database_close(&database);
    return ok ? CMD_OK : CMD_FAILED;
}

int cmd_admin(const struct cmd *cmd, int argc, char **argv)
{
    const struct admin_command *command = find_command(argc, argv);
    struct admin a = {.cmd = cmd, .out = BUF_INIT(OUTPUT_MAX)};
    char complaint[REASON_MAX];
    if (!command) {
        usage(argc > 1 && !strcmp(argv[1], "--help") ? stdout : stderr);
        return CMD_USAGE;
    }
    if (admin_args_parse(command->options, argc - 3, argv + 3, &a.args, complaint,
                         sizeof(complaint))) {
        fprintf(stderr, "doorward admin %s %s: %s\n", command->noun, command->verb, complaint);
        return CMD_USAGE;
    }
    a.json = admin_arg(&a.args, "--json") != NULL;
    int r = run_with_database(&a, command);
    buf_finish(&a.out);
    a.keyring = keyring_destroy(a.keyring);
    return r;
}
