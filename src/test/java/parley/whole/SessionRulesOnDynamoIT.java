package parley.whole;

import org.junit.jupiter.api.extension.ExtendWith;

/** Connections, where the store is DynamoDB. */
@ExtendWith(OnDynamo.class)
class SessionRulesOnDynamoIT extends SessionRulesIT {}
