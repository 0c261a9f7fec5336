// The calls of an SDK of any version, all with one object of named parameters.

const OLD_NAMES = {
  createDuplicateDeployment: 'createBuild',
  updateDeploymentStatus: 'updateDeploymentBuild',
  updateFunctionDeployment: 'updateDeployment',
};

/** Every call as `method`, every parameter as `method.parameter`, that was used. */
export const used = new Set();

/** The service, whose methods take one object in every version; what is used is remembered. */
export function calls(service) {
  const call = (name) => (given = {}) => {
    const here = name in service ? name : OLD_NAMES[name];
    const known = parameters(service[here]);
    for (const each of known) if (given[each] !== undefined) used.add(`${here}.${each}`);
    used.add(here);
    return takesObject(service[here]) ? service[here](given) : service[here](...known.map((it) => given[it]));
  };
  return new Proxy(service, { get: (_, name) => call(name) });
}

/** Every call of a service as `method`, every parameter as `method.parameter`. */
export function offered(Service) {
  const names = Object.getOwnPropertyNames(Service.prototype).filter((it) => it !== 'constructor');
  const of = (name) => parameters(Service.prototype[name]).map((each) => `${name}.${each}`);
  return names.flatMap((name) => [name, ...of(name)]);
}

function takesObject(method) {
  return /^(async )?\w+\(paramsOrFirst/.test(String(method));
}

/** The names of the parameters, in order, as the method's source has them. */
function parameters(method) {
  const [, listed] = String(method).match(takesObject(method) ? /params = \{\n([^}]*)\}/ : /\(([^)=]*)/);
  const names = listed.split(',').map((each) => each.split(':')[0].trim());
  if (takesObject(method) && String(method).includes('let onProgress')) names.push('onProgress');
  return names.filter(Boolean);
}
