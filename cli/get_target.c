/* get_target.c - where a body goes: -o and -O for each URL, --output-dir, --create-dirs, and for -C
 * what is there already. */
#include "get.h"

#include "exit_status.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The end of the path of the URL that stands on the command line. */
static int remote_name(get_transfer *t, const char **name) {
    const char *slash = strrchr(skua_url_path(t->start), '/');
    *name = slash ? slash + 1 : "";
    if (**name && strcmp(*name, ".") != 0 && strcmp(*name, "..") != 0)
        return 0;
    return get_fail(&t->err, CLI_EXIT_WRITE, SKUA_E_OS,
                    "get: -O: the URL %.300s ends in no file name", skua_url_text(t->start));
}

/* What names the file: *remote is 1 where it is the URL. */
static int choose(get_transfer *t, const char **name, int *remote) {
    const get_options *o = t->options;
    int given = t->index < o->outputs.count;
    *remote = given ? o->outputs.items[t->index].mark == GET_REMOTE_NAME : o->all_remote_names;
    *name = given ? o->outputs.items[t->index].text : NULL;
    return *remote ? remote_name(t, name) : 0;
}

static int make_directories(get_transfer *t, char *path) {
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        int rc = mkdir(path, 0750);
        int os_errno = errno;
        if (rc != 0 && os_errno != EEXIST)
            return get_fail_file(&t->err, CLI_EXIT_WRITE, path, os_errno);
        *slash = '/';
    }
    return 0;
}

static int choose_resume(get_transfer *t) {
    const char *at = t->options->resume;
    struct stat info;
    if (!at)
        return 0;
    t->output.append = 1;
    if (strcmp(at, "-") != 0)
        t->resume_from = strtoll(at, NULL, 10);
    else if (t->output.path && stat(t->output.path, &info) == 0 && S_ISREG(info.st_mode))
        t->resume_from = info.st_size;
    return 0;
}

int get_target_build(get_transfer *t) {
    const get_options *o = t->options;
    const char *name;
    int remote;
    int status = choose(t, &name, &remote);
    if (status)
        return status;
    cli_output_init(&t->output, remote ? NULL : name);
    t->output.discard = 0;
    /* A remote name of "-" is a file, not standard output. */
    int is_file = remote || t->output.path;
    if (is_file) {
        char *path = o->output_dir ? cli_texts_format(&t->texts, "%s/%s", o->output_dir, name)
                                   : cli_texts_format(&t->texts, "%s", name);
        if (!path)
            return get_no_memory(&t->err);
        t->output.path = path;
        status = o->create_dirs ? make_directories(t, path) : 0;
    }
    t->output.discard = o->json && !is_file;
    return status ? status : choose_resume(t);
}
