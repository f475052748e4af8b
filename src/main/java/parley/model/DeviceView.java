package parley.model;

/**
 * A device of a user.
 *
 * @param client what the device said it runs
 * @param lastSeenAt when its last session was alive, epoch milliseconds
 */
public record DeviceView(DeviceId deviceId, String client, boolean online, long lastSeenAt) {}
