/**
 * Accounts and tokens: who may sign in, and who a bearer token speaks for. {@link
 * parley.auth.Accounts} is the door for accounts, {@link parley.auth.AccessTokens} for tokens;
 * behind them stand the {@link parley.auth.Account} entity (one writer per username), the password
 * hasher on threads of its own, the signing key, and the keys of an external issuer. Profiles,
 * routes and cookies do not live here.
 */
@NullMarked
package parley.auth;

import org.jspecify.annotations.NullMarked;
