package parley.model;

/**
 * A device of a user.
 *
 * @param client the client software, as the device named it
 * @param lastSeenAt when its last session was last alive, epoch milliseconds
 */
public record DeviceView(DeviceId deviceId, String client, boolean online, long lastSeenAt) {}
