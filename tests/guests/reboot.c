/* A hostile neighbour: asks for a reboot as soon as it runs. */
#include "guest.h"

const char guest_name[] = "reboot";

void guest_main(void)
{
    print("reboot: again\n");
    console_flush();
    shutdown(SHUTDOWN_reboot);
}
